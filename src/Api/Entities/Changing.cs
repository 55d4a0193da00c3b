using Controller.Api.Http;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>From a checked representation to the command that makes an entity so.</summary>
internal static class Changing
{
    /// <param name="request">Who asks.</param>
    /// <param name="present">The entity as it was shown, and checked against.</param>
    /// <param name="entity">What it shall be.</param>
    /// <param name="purpose">Update or replace.</param>
    /// <param name="version">The version that it must have still; null: any.</param>
    public static UpdateEntity Command(OcciRequest request, Representation present, CheckedEntity entity, Purpose purpose, long? version)
    {
        string[] had = [.. present.Mixins.Select(m => m.ToString())];
        string[] mixins = [.. entity.Mixins.Select(m => m.Id.ToString())];
        return new()
        {
            Caller = request.Caller,
            Replace = purpose == Purpose.Replace,
            // Only what is new, so that two updates at once don't undo each other; gone is a template whose place another one takes.
            Mixins = purpose == Purpose.Replace ? mixins : [.. mixins.Except(had)],
            RemoveMixins = [.. had.Except(mixins)],
            Attributes = new(entity.Attributes),
            Links = [.. entity.Links.Select(l => Creation.Command(request.Caller, l, Guid.NewGuid()))],
            IfVersion = version,
        };
    }
}
