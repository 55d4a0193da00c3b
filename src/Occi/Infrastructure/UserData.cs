namespace Occi.Infrastructure;

/// <summary>What a compute's guest executes as the last step of its first boot (GFD.224 §3.5.4).</summary>
public static class UserData
{
    /// <summary><c>occi.compute.userdata</c>: plain or in base64; given once, at creation (D-22).</summary>
    public static readonly Attr Data = new("occi.compute.userdata", AttrType.Text, "Contextualisation data, plain or in base64.")
    {
        Required = true, SetOnce = true,
    };

    /// <summary>The mixin.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Root + "/compute#", "user_data"))
    {
        Title = "Contextualization mixin", Location = "/mixin/user_data/", Applies = [Compute.Kind], Attributes = [Data], Role = "user data",
    };
}
