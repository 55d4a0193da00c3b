using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace Controller.Api.Identity;

/// <summary>
/// Passwords, hashed with Argon2id. A hash says with which parameters and salt it was made (PHC's notation), so that these can grow: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.
/// Each takes 19 MiB and some tens of milliseconds; so many are made at a time as do not keep the rest of the API from working.
/// </summary>
internal sealed class Passwords : IDisposable
{
    public const int Shortest = 10;
    public const int Longest = 256;

    private const int SaltBytes = 16;
    private const int HashBytes = 32;
    private static readonly Cost Now = new(19 * 1024, 2, 1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(2);
    private readonly string _nobodys = Of("a password that nobody has", Now);

    private sealed record Cost(int KibiBytes, int Passes, int Lanes);

    /// <summary>What is wrong with a new password; null: nothing.</summary>
    public static string? Wrong(string? password) =>
        password is null ? "password is missing."
        : password.Length is < Shortest or > Longest ? string.Create(CultureInfo.InvariantCulture, $"A password has {Shortest} to {Longest} characters, found {password.Length}.")
        : null;

    /// <summary>The hash of a new password; null: too many are being made.</summary>
    public async Task<string?> Hash(string password, CancellationToken cancel)
    {
        if (!await _turn.WaitAsync(Patience, cancel))
            return null;
        try
        {
            return await Task.Run(() => Of(password, Now), cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether it is the password of that hash; null: too many are being looked at. Without a hash it takes as long and is not.</summary>
    public async Task<bool?> Is(string password, string? hash, CancellationToken cancel)
    {
        if (!await _turn.WaitAsync(Patience, cancel))
            return null;
        try
        {
            return await Task.Run(() => Matches(password, hash ?? _nobodys), cancel) && hash is not null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Whether a hash was made with other parameters than are taken now.</summary>
    public static bool IsOld(string hash) => Read(hash) is not { } read || read.Cost != Now;

    public void Dispose() => _turn.Dispose();

    private static string Of(string password, Cost cost)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(CultureInfo.InvariantCulture, $"$argon2id$v=19$m={cost.KibiBytes},t={cost.Passes},p={cost.Lanes}${Text(salt)}${Text(Derive(password, salt, cost, HashBytes))}");
    }

    private static bool Matches(string password, string hash) =>
        Read(hash) is var (cost, salt, derived) && CryptographicOperations.FixedTimeEquals(Derive(password, salt, cost, derived.Length), derived);

    private static byte[] Derive(string password, byte[] salt, Cost cost, int length)
    {
        using var argon = new Argon2id(Encoding.UTF8.GetBytes(password.Normalize())) { Salt = salt, MemorySize = cost.KibiBytes, Iterations = cost.Passes, DegreeOfParallelism = cost.Lanes };
        return argon.GetBytes(length);
    }

    private static (Cost Cost, byte[] Salt, byte[] Derived)? Read(string hash)
    {
        if (hash.Split('$') is not ["", "argon2id", "v=19", var parameters, var salt, var derived])
            return null;
        var numbers = parameters.Split(',').Select(p => p.Split('=')).Where(p => p.Length == 2 && int.TryParse(p[1], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .ToDictionary(p => p[0], p => int.Parse(p[1], CultureInfo.InvariantCulture));
        return numbers.Count == 3 && numbers.TryGetValue("m", out var m) && numbers.TryGetValue("t", out var t) && numbers.TryGetValue("p", out var lanes)
            ? (new(m, t, lanes), Bytes(salt), Bytes(derived))
            : null;
    }

    // PHC's notation has no padding.
    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] Bytes(string text) => Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
}
