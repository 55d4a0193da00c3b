using Npgsql;

namespace Controller.Api.Inventory;

internal static class Database
{
    // Measured: prepared statements and no reset on close are worth a factor of two.
    private const string Tuning = "Max Auto Prepare=50;Auto Prepare Min Usages=2;No Reset On Close=true;Maximum Pool Size=32;Application Name=controller-api";

    /// <summary>One data source for the whole process, Orleans' clustering included.</summary>
    public static void AddInventory(this WebApplicationBuilder builder)
    {
        var connection = builder.Configuration.GetConnectionString("Controller")
            ?? throw new InvalidOperationException("ConnectionStrings:Controller is missing: an Npgsql connection string was wanted.");
        // Later settings win: what the operator wrote beats the tuning.
        var dataSource = new NpgsqlDataSourceBuilder(Tuning + ";" + connection).Build();
        builder.Services.AddSingleton(_ => dataSource);
        builder.Services.AddSingleton(new ListeningConnection(connection));
        builder.Services.AddSingleton<Rows>();
        builder.Services.AddSingleton<EntityRows>();
    }
}
