using System.Globalization;
using Controller.Testing.Oidc;

// A provider as a process of its own, which asks whoever comes who they are. It says its issuer in one line, and ends with its input (whoever started it need not live to end it) or
// when it is told to.
// Its argument is the port; none: any that is free.
var port = args is [var text] && int.TryParse(text, CultureInfo.InvariantCulture, out var wanted) ? wanted : 0;
await using var provider = await OidcProvider.Start(port, asks: true);
Console.WriteLine(provider.Issuer);
// Reading standard input blocks a thread, also where it is called asynchronous.
await Task.WhenAny(Task.Run(ReadToEnd), provider.Ends());

static void ReadToEnd()
{
    while (Console.In.ReadLine() is not null)
    {
    }
}
