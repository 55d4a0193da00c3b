using System.Text;
using Controller.Contracts;

namespace Controller.Api.Consoles;

/// <summary>Why a console is over, as a WebSocket says it (RFC 6455 §7.4.2: 4000 to 4999 are private); the reason begins with our code. docs/consoles.md is the same table.</summary>
internal static class CloseCodes
{
    private const int LongestReason = 123;   // of a control frame, beside the code

    public static int Of(string code) => code switch
    {
        "stopping" => 1001,
        "ended" => 4001,
        "taken" => 4002,
        "not-running" => 4003,
        "no-such-console" => 4004,
        "host-lost" => 4005,
        "busy" => 4006,
        _ => 4000,
    };

    public static string Reason(ConsoleClosed closed)
    {
        var text = $"{closed.Code}: {closed.Message}";
        while (Encoding.UTF8.GetByteCount(text) > LongestReason)
            text = text[..^1];
        return text;
    }
}
