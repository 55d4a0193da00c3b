using Occi;

namespace Controller.Api.Http;

/// <summary>What an OCCI request is answered with: a message in the negotiated rendering, or a problem.</summary>
internal sealed record Reply(int Status)
{
    /// <summary>The rendering; null: nothing to say but that it is done.</summary>
    public Message? Message { get; init; }

    /// <summary>The message's body in UTF-8, where it is known already.</summary>
    public byte[]? Encoded { get; init; }

    /// <summary>What writes the body piece by piece, where it may be too large to be made before any of it is sent. The first piece is asked for before the answer begins: what fails there is a refusal.</summary>
    public IAsyncEnumerable<PooledBuffer>? Pieces { get; init; }

    /// <summary>Why not.</summary>
    public Problem? Problem { get; init; }

    /// <summary>Absolute URL of what was created.</summary>
    public string? Location { get; init; }

    /// <summary>Tag of the entity's version, quoted.</summary>
    public string? ETag { get; init; }

    /// <summary>The methods that there are: the answer to OPTIONS.</summary>
    public string? Allow { get; init; }

    public static Reply Ok(Message message) => new(StatusCodes.Status200OK) { Message = message };

    /// <summary>Done, and there is nothing to show: <c>OK</c>, or <c>{}</c> in JSON (decision D-10).</summary>
    public static Reply Done() => new(StatusCodes.Status200OK);

    public static implicit operator Reply(Problem problem) => new(problem.Type.Status) { Problem = problem };
}
