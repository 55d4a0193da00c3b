namespace Controller.SystemTests.Harness;

/// <summary>User data for the demo guest, which runs it when it is a script.</summary>
internal static class Scripts
{
    /// <summary>Says "HB n uptime" every fifth of a second, for as long as it lives.</summary>
    public const string Heartbeat = """
        #!/bin/sh
        ( n=0; while :; do n=$((n + 1)); echo "HB $n $(cut -d' ' -f1 /proc/uptime)"; usleep 200000; done ) > /dev/ttyS0 &
        """;

    /// <summary>Says "REACH address yes" or "no" of each address, again and again.</summary>
    public static string Reach(params string[] addresses) => $$"""
        #!/bin/sh
        ( while :; do
            for a in {{string.Join(' ', addresses)}}; do
              if ping -c 1 -W 2 $a > /dev/null 2>&1; then echo "REACH $a yes"; else echo "REACH $a no"; fi
            done
            sleep 1
          done ) > /dev/ttyS0 &
        """;
}
