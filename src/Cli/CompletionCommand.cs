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

    // Of the line only this command, as far as the cursor: there may be others before it and behind it. Where nothing is known that may follow, a file may. Sourced, or as the file _controller in
    // $fpath, which is run itself when it is needed first.
    private const string Zsh = """
        #compdef controller
        _controller() {
            local -a found
            local line="controller ${(j: :)words[2,CURRENT-1]}"
            (( CURRENT > 2 )) && line+=" "
            line+="$PREFIX"
            found=("${(@f)$(${~${(Q)words[1]}} "[suggest:${#line}]" "$line" 2>/dev/null)}")
            found=("${(@)found:#}")
            (( ${#found} )) && compadd -- "${(@)found}" || _files
        }
        if [[ "${funcstack[1]}" == _controller ]]; then
            _controller "$@"
        else
            (( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit -i; }
            compdef _controller controller
        fi

        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Prints what completes commands at the shell: source <(controller completion bash), or zsh. In zsh it may also be kept as the file _controller of a directory in $fpath.") { shell };
        command.SetAction(parse =>
        {
            Console.Write(parse.GetRequiredValue(shell) == "bash" ? Bash : Zsh);
            return ExitCode.Ok;
        });
        return command;
    }
}
