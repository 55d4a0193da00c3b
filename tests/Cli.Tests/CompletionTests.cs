using System.Diagnostics;

namespace Controller.Cli.Tests;

/// <summary>What <c>controller completion zsh</c> prints, in a real zsh at a terminal (its own, zpty).</summary>
public sealed class CompletionTests : IDisposable
{
    private const string Zsh = "/usr/bin/zsh";

    private readonly TemporaryDirectory _home = new();

    public void Dispose() => _home.Dispose();

    /// <summary>A line, a tab behind it, and the line as it is then; it may be one command of several, of a path, and quoted.</summary>
    [ZshTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tab_completes_what_may_follow(bool autoloaded)
    {
        foreach (var name in (string[])["controller", "two words/controller"])
            Write(name, $"#!/bin/sh\nexec '{Environment.ProcessPath}' exec '{Path.Combine(AppContext.BaseDirectory, "controller-cli.dll")}' \"$@\"\n");
        Write("a file.pem", "");
        var completion = autoloaded ? "controller completion zsh > $ZDOTDIR/_controller; fpath=($ZDOTDIR $fpath); autoload -Uz compinit; compinit -u -D" : "source <(controller completion zsh)";
        Write(".zshrc", $"""
            PS1='ready> '
            path=($ZDOTDIR $path)
            {completion}
            alias c=controller
            show() {"{"} print -r -- "$BUFFER|" >> $ZDOTDIR/shown {"}"}
            zle -N show
            bindkey '^Xs' show

            """);
        (string Typed, string Then)[] lines =
        [
            ("controller wh", "controller whoami "), ("controller occi lis", "controller occi list "), ("controller occi list compute -o y", "controller occi list compute -o yaml "),
            ("controller occi list compute --prof", "controller occi list compute --profile "), ("true; controller op lis", "true; controller op list "), ("c op lis", "c op list "),
            ("~/controller op lis", "~/controller op list "), ("~/two\\ words/controller op lis", "~/two\\ words/controller op list "), ("controller --endpoint \"a b\" op lis", "controller --endpoint \"a b\" op list "),
            // What is not known is a file's name, or nothing.
            ("controller --ca ~/a\\ f", "controller --ca ~/a\\ file.pem "), ("controller occi list nothing-like-it", "controller occi list nothing-like-it"),
            ("controller op ", "controller op "),
        ];
        var terminal = Write("terminal.zsh", """
            zmodload zsh/zpty
            zpty shell TERM=dumb zsh -d -i
            zpty -r shell seen '*ready>*'
            for line in "$@"; do zpty -w -n shell "$line"$'\t\C-Xs\C-U'; done
            zpty -w -n shell $'exit\n'
            while zpty -r shell said; do print -rn -- "$said"; done
            """);
        var start = new ProcessStartInfo(Zsh, ["-f", terminal, .. lines.Select(l => l.Typed)]) { RedirectStandardOutput = true, WorkingDirectory = _home.Path };
        (start.Environment["ZDOTDIR"], start.Environment["HOME"]) = (_home.Path, _home.Path);
        using var zsh = Process.Start(start)!;   // a program is started, not handed to a shell
        var said = await zsh.StandardOutput.ReadToEndAsync();
        await zsh.WaitForExitAsync();
        Assert.Equal(string.Concat(lines.Select(l => l.Then + "|\n")), await File.ReadAllTextAsync(Path.Combine(_home.Path, "shown")));
        // Where there are several they are all shown.
        Assert.Matches("retry .*show", said.Replace('\n', ' '));
        Assert.DoesNotContain("not found", said, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        var path = _home.File(name, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private sealed class ZshTheoryAttribute : TheoryAttribute
    {
        public ZshTheoryAttribute()
        {
            if (!File.Exists(Zsh))
                Skip = $"There is no {Zsh}: Debian's package zsh brings it (tests/packages).";
        }
    }
}
