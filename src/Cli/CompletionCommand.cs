using System.CommandLine;

namespace Controller.Cli;

/// <summary><c>controller completion bash|zsh</c></summary>
internal static class CompletionCommand
{
    // The program itself knows what may follow.
    private const string Bash = """
        _controller() {
            local IFS=$'\n'
            COMPREPLY=( $(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o default -F _controller controller

        """;

    private const string Zsh = """
        #compdef controller
        _controller() {
            local -a found
            found=("${(@f)$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -- ${found}
        }
        compdef _controller controller

        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Prints what completes commands at the shell: source <(controller completion bash).") { shell };
        command.SetAction(parse =>
        {
            Console.Write(parse.GetRequiredValue(shell) == "bash" ? Bash : Zsh);
            return ExitCode.Ok;
        });
        return command;
    }
}
