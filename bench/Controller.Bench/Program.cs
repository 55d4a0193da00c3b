using System.CommandLine;
using Controller.Bench;

if (args is [BareKestrel.Argument])
{
    await BareKestrel.Serve();
    return 0;
}

var url = new Option<string>("--url") { Description = "The API, e.g. http://127.0.0.1:8080.", Required = true };
var tokenFile = new Option<FileInfo>("--token-file") { Description = "A file with a token that may create computes.", Required = true };
var pids = new Option<string>("--pids") { Description = "Process ids whose CPU time counts (API, silos, PostgreSQL), separated by commas.", DefaultValueFactory = _ => "" };
var connections = new Option<int>("--connections") { Description = "Keep-alive connections.", DefaultValueFactory = _ => 8 };
var seconds = new Option<double>("--seconds") { Description = "Seconds a measurement.", DefaultValueFactory = _ => 5 };
var posts = new Option<int>("--posts") { Description = "At most so many computes are created.", DefaultValueFactory = _ => 2000 };
var members = new Option<int>("--members") { Description = "Entities in the collection that is listed.", DefaultValueFactory = _ => 1000 };
var overload = new Option<bool>("--overload") { Description = "Measures instead what is done under more load than can be done; its token should be a member's, for operators go first." };

var command = new RootCommand("Measures the API beside a bare Kestrel on the same machine, at the same time of day.") { url, tokenFile, pids, connections, seconds, posts, members, overload };
command.SetAction(async (result, cancel) =>
{
    var token = (await File.ReadAllTextAsync(result.GetRequiredValue(tokenFile).FullName, cancel)).Trim();
    int[] processes = [.. result.GetRequiredValue(pids).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    var plan = new Plan(
        new Uri(result.GetRequiredValue(url)), token, processes, result.GetRequiredValue(connections),
        TimeSpan.FromSeconds(result.GetRequiredValue(seconds)), result.GetRequiredValue(posts), result.GetRequiredValue(members));
    return await (result.GetValue(overload) ? Overload.Run(plan, Console.Out, cancel) : Comparison.Run(plan, Console.Out, cancel)) ? 0 : 1;
});
return await command.Parse(args).InvokeAsync();
