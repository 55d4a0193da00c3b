namespace Controller.Api.Overload;

/// <summary>So many at a time of what lasts, and so many of them of one project.</summary>
internal sealed class Seats(int most, int perProject)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _taken = [];
    private int _all;

    /// <summary>Disposing gives it back. Null: all are taken, or all that the project may have.</summary>
    public IDisposable? Take(Guid project)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(project);
            if (_all >= most || own >= perProject)
                return null;
            (_all, _taken[project]) = (_all + 1, own + 1);
        }
        return new Seat(this, project);
    }

    private void Return(Guid project)
    {
        lock (_lock)
        {
            _all--;
            if (--_taken[project] == 0)
                _taken.Remove(project);
        }
    }

    private sealed class Seat(Seats seats, Guid project) : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
                seats.Return(project);
        }
    }
}
