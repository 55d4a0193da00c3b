using System.Security.Cryptography;
using System.Text;
using Controller.Contracts;

namespace Controller.Silo.Identity;

/// <summary>Makes the project <c>default</c> and the first admin token known, at each start: nobody could sign in to do it.</summary>
internal sealed partial class FirstIdentity(IGrainFactory grains, SiloSettings settings, ILogger<FirstIdentity> logger)
{
    public async Task Ensure(CancellationToken cancel)
    {
        if (await grains.At<IProjectGrain>(GrainId.Create("project", GrainKeys.Of("project", WellKnown.DefaultProject))).Create("default", new()))
            LogProject(WellKnown.DefaultProject);
        if (settings.Identity.AdminTokenFile.Length == 0)
            return;
        var token = (await File.ReadAllTextAsync(settings.Identity.AdminTokenFile, cancel)).Trim();
        if (token.Length < 32)
            throw new InvalidOperationException($"Identity:AdminTokenFile: a token of at least 32 characters was wanted, {settings.Identity.AdminTokenFile} has {token.Length}.");
        var key = "token/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (await grains.At<ITokenGrain>(GrainId.Create("token", key)).Create("admin", WellKnown.DefaultProject, Role.Admin, null))
            LogToken(settings.Identity.AdminTokenFile);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Project default is {Project}")]
    private partial void LogProject(Guid project);

    [LoggerMessage(Level = LogLevel.Information, Message = "The admin token of {File} is known now")]
    private partial void LogToken(string file);
}
