namespace Controller.Api.Overload;

/// <summary>A request's place among those that are worked on. It is given back once, at the end or before.</summary>
internal sealed class Place(FairQueue queue, Guid tenant, bool isOperators)
{
    private int _left;

    public void Leave()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
            queue.Leave(tenant, isOperators);
    }
}

internal static class PlaceExtensions
{
    /// <summary>From here on it only waits, or follows something: others are worked on meanwhile.</summary>
    public static void LeavePlace(this HttpContext http) => http.Features.Get<Place>()?.Leave();
}
