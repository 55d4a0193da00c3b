namespace Controller.Cli.Local;

/// <summary>Shows the lines that are appended to a log.</summary>
internal sealed class LogRelay(string path, Progress progress) : IDisposable
{
    private FileStream? _file;
    private StreamReader? _reader;
    private string _begun = "";

    /// <summary>Whether the last line of the welcome was shown.</summary>
    public bool Ended { get; private set; }

    /// <summary>Shows what is new, whole lines only.</summary>
    public void Show()
    {
        if (_reader is null)
        {
            if (!File.Exists(path))
                return;
            _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _reader = new(_file);
        }
        var text = _begun + _reader.ReadToEnd();
        var end = text.LastIndexOf('\n') + 1;
        _begun = text[end..];
        foreach (var line in text[..end].Split('\n').SkipLast(1))
        {
            progress.Line(line);
            Ended |= line.Contains(Welcome.LastWords, StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _file?.Dispose();
    }
}
