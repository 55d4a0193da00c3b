using Controller.Cli.Local.Steps;

namespace Controller.Cli.Local;

/// <summary>What is printed when the cluster is up.</summary>
internal static class Welcome
{
    /// <summary>The end of it, by which <c>up --detach</c> knows that all was said.</summary>
    public const string LastWords = "ends it all.";

    public static string Text(DataDirectory data, Uri endpoint, bool detached)
    {
        var url = endpoint.GetLeftPart(UriPartial.Authority);
        var controller = Quoted(Path.Combine(Programs.Home, "controller"));
        var option = $" --data {Quoted(data.Root)}";
        return $"""

            It is up.

              endpoint  {url}
              console   {url}/ui/
              token     {data.AdminToken}

            Five commands to begin with:

              curl -H "Authorization: Bearer $(cat {Quoted(data.AdminToken)})" {url}/-/
              {controller} occi create compute --title first -m demo -a cores=1 -a memory=0.25 --link default --wait{option}
              {controller} occi list compute{option}
              {controller} console first{option}
              {controller} occi delete first --wait{option}

            {(detached ? $"{controller} down{option}" : "Ctrl-C")} {LastWords}
            """;
    }

    /// <summary>As a shell takes it.</summary>
    public static string Quoted(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:@%".Contains(c, StringComparison.Ordinal)) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
