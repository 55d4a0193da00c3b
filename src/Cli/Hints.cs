using Controller.Cli.Entities;
using Occi;

namespace Controller.Cli;

/// <summary>What to do next, for who was refused: a command, where there is one.</summary>
internal static class Hints
{
    public const string Unreachable = "\"controller status\" shows whether the local cluster runs, \"controller up\" starts it; for another cloud look at --endpoint, or \"controller profile list\"";

    public const string Untrusted = "give the file with the authority of its certificate with --ca or CONTROLLER_CA (the local cluster's: pki/api.crt in the data directory)";

    /// <summary>The next step after an error; null: the error says it, or nobody knows.</summary>
    public static string? After(Exception error) => error switch
    {
        CliException { Next: { } next } => next,
        RefusedException { Type: "quota-exceeded" } => "\"controller project quota PROJECT\" shows what is used; delete something, or ask an admin for more",
        RefusedException { Type: "key-used" or "immutable" or "not-implemented" } => null,
        RefusedException { Status: 401 } => "sign in with \"controller login URL\", or give a token that is good with --token or CONTROLLER_TOKEN",
        RefusedException { Status: 403 } => "\"controller whoami\" shows who you are and your roles; an admin gives others with \"controller user grant\"",
        RefusedException { Status: 400 } e when e.Message.Contains("X-Project", StringComparison.Ordinal) => "choose one with CONTROLLER_PROJECT=NAME, or for good with \"controller login URL --project NAME\"",
        RefusedException { Status: 404 } => "\"controller occi list KIND\" shows what there is in your project; CONTROLLER_PROJECT chooses another one",
        RefusedException { Type: "no-capacity" } => "\"controller explain KIND ID\" with the id above tells of each host why; \"controller host list\" shows what they have",
        RefusedException { Status: 412 } => "read it again, it has changed meanwhile",
        RefusedException { Status: 429 or 503 } => "try again in a moment; \"controller status\" shows the local cluster's health",
        RefusedException { Status: 500 } => "it is a defect of the server: report it with the trace id, by which its log tells more",
        _ => null,
    };

    /// <summary>What tells more of an entity; null: nobody knows what it is.</summary>
    public static string? Explain(Representation entity) =>
        entity.Kind is { } kind && entity.Uuid() is { Length: > 0 } id ? $"\"controller explain {kind.Term} {id}\" tells what is under way and what was before" : null;
}
