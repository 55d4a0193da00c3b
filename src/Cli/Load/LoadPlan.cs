using System.Globalization;

namespace Controller.Cli.Load;

/// <summary>What a request of the load does.</summary>
internal enum LoadWork
{
    Read,
    Create,
    List,
}

/// <summary>How often each is done, as weights; 0: never.</summary>
internal sealed record LoadMix(int Read, int Create, int List)
{
    private int Sum => Read + Create + List;

    /// <summary>Reads <c>read=80,create=10,list=10</c>; what is not named is not done.</summary>
    /// <exception cref="CliException">It is no such list, or nothing would be done.</exception>
    public static LoadMix Parse(string text)
    {
        var mix = new LoadMix(0, 0, 0);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=') is not [var name, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var weight) || weight > 1_000_000)
                throw Wrong($"found \"{part}\"");
            mix = name switch
            {
                "read" => mix with { Read = weight },
                "create" => mix with { Create = weight },
                "list" => mix with { List = weight },
                _ => throw Wrong($"found \"{name}\""),
            };
        }
        return mix.Sum > 0 ? mix : throw Wrong("with that nothing would be done");
    }

    /// <summary>The work that a number from 0 (included) to 1 (not included) falls on.</summary>
    public LoadWork At(double share) => share * Sum < Read ? LoadWork.Read : share * Sum < Read + Create ? LoadWork.Create : LoadWork.List;

    private static CliException Wrong(string found) => new($"--mix has to be a list of read, create and list with whole numbers, like read=80,create=10,list=10; {found}", ExitCode.Usage);
}

/// <summary>What is sent, how fast and how long.</summary>
/// <param name="Kind">Term of the kind that is created, read and listed.</param>
/// <param name="Rate">Requests a second in all; 0: as fast as they are answered.</param>
/// <param name="Concurrency">Requests that are under way at most.</param>
/// <param name="Duration">For how long.</param>
/// <param name="Mix">What is done.</param>
/// <param name="PageSize">Entities that a listing asks for.</param>
/// <param name="Entities">Made before, to have something to read; not measured.</param>
internal sealed record LoadPlan(string Kind, double Rate, int Concurrency, TimeSpan Duration, LoadMix Mix, int PageSize, int Entities)
{
    /// <exception cref="CliException">A number is out of range: says which and what was wanted.</exception>
    public LoadPlan Check()
    {
        Wants(Rate is >= 0 and <= 1_000_000, "--rate", "a number from 0 to 1000000", Rate);
        Wants(Concurrency is >= 1 and <= 4096, "--concurrency", "a whole number from 1 to 4096", Concurrency);
        Wants(Duration > TimeSpan.Zero && Duration <= TimeSpan.FromDays(1), "--duration", "seconds, more than 0 and up to 86400", Duration.TotalSeconds);
        Wants(PageSize is >= 1 and <= 100_000, "--page", "a whole number from 1 to 100000", PageSize);
        Wants(Entities is >= 1 and <= 100_000, "--entities", "a whole number from 1 to 100000", Entities);
        return this;
    }

    private static void Wants(bool so, string option, string wanted, IFormattable found)
    {
        if (!so)
            throw new CliException($"{option} has to be {wanted}, found {found.ToString(null, CultureInfo.InvariantCulture)}", ExitCode.Usage);
    }
}
