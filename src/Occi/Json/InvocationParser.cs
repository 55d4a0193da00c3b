namespace Occi.Json;

/// <summary>Action invocations (GFD.226 §3.1.3).</summary>
internal static class InvocationParser
{
    public static Parsed<Invocation> Read(JsonPart root)
    {
        if (!root.IsObject)
            return root.Expected("an object");
        if (root["action"] is not { } named)
            return root.Fail("the action is missing");
        if (!Names.TryIdentifier(named.IsString ? named.Text : null, out var action))
            return named.Expected("a type identifier, scheme#term");
        var attributes = AttributeParser.Read(root["attributes"]);
        return attributes.Ok ? new Invocation(action, attributes.Value!) : attributes.Error!;
    }
}
