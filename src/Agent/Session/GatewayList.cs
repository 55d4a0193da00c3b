using Controller.Agent.Enrolment;

namespace Controller.Agent.Session;

/// <summary>The gateways to try, the one to try first in front. Kept on disk: the join token may be long gone when they are needed.</summary>
internal sealed class GatewayList
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly List<string> _configured;
    private List<string> _endpoints;
    private int _next;

    public GatewayList(string stateDirectory, IEnumerable<string> configured)
    {
        _path = Path.Combine(stateDirectory, "gateways");
        var kept = File.Exists(_path) ? File.ReadAllLines(_path).Where(JoinToken.IsEndpoint) : [];
        _configured = [.. configured];
        _endpoints = [.. _configured.Concat(kept).Distinct()];
    }

    public bool IsEmpty
    {
        get { lock (_lock) return _endpoints.Count == 0; }
    }

    public string Current
    {
        get { lock (_lock) return _endpoints[_next % _endpoints.Count]; }
    }

    public void Advance()
    {
        lock (_lock) _next++;
    }

    /// <summary>
    /// Replaces the list by what the control plane says. Nothing said, nothing changed. What is configured stays, to be tried last: a name of all silos, say, is good when none is left
    /// of those that were told.
    /// </summary>
    public void Replace(IEnumerable<string> endpoints)
    {
        List<string> told = [.. endpoints.Where(JoinToken.IsEndpoint)];
        lock (_lock)
        {
            if (told.Count == 0) return;
            told = [.. told.Concat(_configured).Distinct()];
            if (told.SequenceEqual(_endpoints)) return;
            var current = _endpoints.Count == 0 ? null : Current;
            _endpoints = told;
            _next = Math.Max(0, current is null ? 0 : told.IndexOf(current));
            AtomicFile.Write(_path, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', told) + "\n"));
        }
    }
}
