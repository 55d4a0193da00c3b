using Google.Protobuf;

namespace Controller.Agent.Ledger;

/// <summary>Protobuf messages in files, replaced atomically. What cannot be read is set aside and logged, and never stops the agent.</summary>
internal sealed partial class LedgerFiles
{
    public const string QuarantineName = "quarantine";

    private readonly string _root;
    private readonly string _quarantine;
    private readonly ILogger<LedgerFiles> _log;

    public LedgerFiles(string root, ILogger<LedgerFiles> log)
    {
        (_root, _log) = (root, log);
        _quarantine = Path.Combine(root, QuarantineName);
        AtomicFile.CreateDirectory(_root);
        AtomicFile.CreateDirectory(_quarantine);
    }

    public void Write(string name, IMessage message) => AtomicFile.Write(Path.Combine(_root, name), message.ToByteArray());

    public void Delete(string name) => File.Delete(Path.Combine(_root, name));

    /// <summary>The message of a file; null when there is none or it was unreadable. <paramref name="isGood"/> refuses what parses but makes no sense.</summary>
    public T? Read<T>(string name, MessageParser<T> parser, Func<T, bool>? isGood = null) where T : class, IMessage<T>
    {
        var path = Path.Combine(_root, name);
        try
        {
            if (!File.Exists(path)) return null;
            var message = parser.ParseFrom(File.ReadAllBytes(path));
            if (isGood is null || isGood(message)) return message;
            Quarantine(path, "its content does not fit its name", null);
        }
        catch (InvalidProtocolBufferException broken)
        {
            Quarantine(path, "it is no message", broken);
        }
        return null;
    }

    public IEnumerable<string> Names(string directory)
    {
        var path = Path.Combine(_root, directory);
        AtomicFile.CreateDirectory(path);
        return Directory.EnumerateFiles(path)
            .Where(file => !file.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
            .Select(file => Path.Combine(directory, Path.GetFileName(file)))
            .ToList();
    }

    private void Quarantine(string path, string why, Exception? cause)
    {
        var aside = Path.Combine(_quarantine, $"{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        File.Move(path, aside);
        LogQuarantined(path, aside, why, cause);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Ledger file {Path} was set aside as {Aside}: {Why}. The control plane sends its object again")]
    private partial void LogQuarantined(string path, string aside, string why, Exception? cause);
}
