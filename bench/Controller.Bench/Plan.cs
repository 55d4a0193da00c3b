namespace Controller.Bench;

/// <summary>What is measured, how long, and whose CPU time counts.</summary>
internal sealed record Plan(Uri Url, string Token, IReadOnlyList<int> Pids, int Connections, TimeSpan Duration, int Posts, int Members);

/// <summary>What came out: requests, how many of them failed, the time, and the CPU time of the processes watched.</summary>
internal sealed record Measured(string Name, long Requests, long Failed, TimeSpan Elapsed, TimeSpan Cpu)
{
    public double PerSecond => Requests / Elapsed.TotalSeconds;

    public double CpuMicroseconds => Requests == 0 ? 0 : Cpu.TotalMicroseconds / Requests;
}
