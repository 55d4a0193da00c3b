namespace Controller.Cli.Consoles;

/// <summary>What is typed, part by part. A read outlives the connection that it was begun for: its keys are the next one's.</summary>
internal sealed class Keyboard(Stream input)
{
    private readonly byte[] _buffer = new byte[4096];
    private Task<int>? _reading;

    /// <summary>There is no more input.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Null: there is no more.</summary>
    public async Task<byte[]?> Next(CancellationToken cancel)
    {
        if (IsOver)
            return null;
        _reading ??= Task.Run(() => input.Read(_buffer, 0, _buffer.Length), CancellationToken.None);
        var read = await _reading.WaitAsync(cancel);
        _reading = null;
        IsOver = read == 0;
        return IsOver ? null : _buffer[..read];
    }
}
