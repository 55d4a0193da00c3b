using Controller.Grains.Images;
using Npgsql;

namespace Controller.Silo.Images;

internal sealed class SavedImages(NpgsqlDataSource database, ImageOptions options) : ISavedImages
{
    public async Task<string?> WhyNoMore(Guid project)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM entity WHERE project = $1 AND state_name = 'image'");
        command.Parameters.Add(new() { Value = project });
        var saved = (long)(await command.ExecuteScalarAsync())!;   // count is never null
        return saved < options.MaxPerProject ? null : $"The project has {saved} saved images; {options.MaxPerProject} are the most (Images:MaxPerProject).";
    }
}
