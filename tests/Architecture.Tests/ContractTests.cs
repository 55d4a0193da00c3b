using System.Reflection;
using Controller.Contracts;

namespace Controller.Architecture.Tests;

/// <summary>What crosses between processes is named and numbered by hand, and the names and numbers stay.</summary>
public sealed class ContractTests
{
    private static readonly Assembly Contracts = typeof(IEntityGrain).Assembly;
    private static readonly Assembly Grains = Assembly.Load("Controller.Grains");

    private static IEnumerable<Type> Interfaces =>
        Contracts.GetTypes().Concat(Grains.GetTypes()).Where(t => t.IsInterface && typeof(IAddressable).IsAssignableFrom(t) && t.Namespace!.StartsWith("Controller.", StringComparison.Ordinal));

    private static IEnumerable<Type> Messages => Contracts.GetTypes().Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), inherit: false));

    [Fact]
    public void Every_grain_interface_and_each_of_its_methods_has_an_alias()
    {
        Assert.NotEmpty(Interfaces);
        Assert.Empty(Interfaces.Where(i => Alias(i) is null).Select(i => i.Name));
        Assert.Empty(Interfaces.SelectMany(i => i.GetMethods()).Where(m => Alias(m) is null).Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));
    }

    [Fact]
    public void No_alias_is_given_twice()
    {
        var types = Interfaces.Concat(Messages).GroupBy(Alias).Where(g => g.Count() > 1).Select(g => g.Key);
        Assert.Empty(types);
        Assert.Empty(Interfaces.SelectMany(i => i.GetMethods().GroupBy(Alias).Where(g => g.Count() > 1).Select(g => $"{i.Name}.{g.Key}")));
    }

    [Fact]
    public void Every_message_has_an_alias_and_each_of_its_members_an_id()
    {
        Assert.NotEmpty(Messages);
        Assert.Empty(Messages.Where(m => Alias(m) is null).Select(m => m.Name));
        Assert.Empty(Messages.SelectMany(WireShape.Members).Where(m => WireShape.IdOf(m) is null).Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));
        Assert.Empty(Messages.SelectMany(t => WireShape.Members(t).GroupBy(WireShape.IdOf).Where(g => g.Count() > 1).Select(g => $"{t.Name}: {g.Key}")));
    }

    [Fact]
    public void Whatever_a_grain_is_told_or_answers_can_be_written()
    {
        var converted = Contracts.GetTypes().SelectMany(t => t.GetInterfaces()).Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IConverter<,>))
            .Select(i => i.GenericTypeArguments[0]);
        var known = Messages.Concat(converted).ToHashSet();
        var met = Interfaces.SelectMany(i => i.GetMethods()).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType))
            .Concat(Messages.SelectMany(WireShape.Members).Select(m => m.PropertyType)).SelectMany(Parts).Distinct()
            .Where(t => t.Assembly == Contracts || t.Assembly.GetName().Name == "Occi");
        Assert.Empty(met.Where(t => !t.IsEnum && !t.IsInterface && !known.Contains(t)).Select(t => t.FullName));
    }

    [Fact]
    public void A_public_type_is_sealed_or_a_record_or_an_interface() => Assert.Empty(
        Contracts.GetExportedTypes().Where(t => t.Namespace == typeof(IEntityGrain).Namespace && t.IsClass && !t.IsSealed && t.GetMethod("<Clone>$") is null).Select(t => t.Name));

    [Fact]
    public void Every_message_is_immutable() => Assert.Empty(
        Messages.Where(t => t.IsClass).SelectMany(WireShape.Members)
            .Where(m => m.SetMethod is { } set && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)))
            .Select(m => $"{m.DeclaringType!.Name}.{m.Name}"));

    /// <summary>The storage provider's key is (state name, key) without the grain's type: two grains of one state name would share rows.</summary>
    [Fact]
    public void Every_state_name_belongs_to_one_grain_and_is_its_type()
    {
        var states = Grains.GetTypes().Where(t => t.IsDefined(typeof(GrainTypeAttribute)))
            .SelectMany(t => t.GetConstructors().SelectMany(c => c.GetParameters()).Select(p => p.GetCustomAttribute<PersistentStateAttribute>()).OfType<PersistentStateAttribute>(), (t, s) => (Grain: GrainTypeOf(t), s.StateName))
            .ToList();
        Assert.NotEmpty(states);
        Assert.All(states, s => Assert.Equal(s.Grain, s.StateName));
        Assert.Equal(states.Count, states.Select(s => s.StateName).Distinct().Count());
    }

    /// <summary>
    /// The numbers and types of all messages and enums are those in Golden/messages.txt. When something is added on purpose, run the tests with GOLDEN=write and read the
    /// difference: a line that changed or went is a break between this release and the previous one.
    /// </summary>
    [Fact]
    public void Messages_are_numbered_as_they_were()
    {
        var text = WireShape.Of(Interfaces, Messages, Contracts.GetExportedTypes().Where(t => t.IsEnum));
        if (Environment.GetEnvironmentVariable("GOLDEN") == "write")
            File.WriteAllText(Path.Combine(Repository.Root, "tests", "Architecture.Tests", "Golden", "messages.txt"), text);
        else
            Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "messages.txt")), text);
    }

    private static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    private static string GrainTypeOf(Type grain) =>
        (string)grain.CustomAttributes.Single(a => a.AttributeType == typeof(GrainTypeAttribute)).ConstructorArguments[0].Value!;

    private static IEnumerable<Type> Parts(Type type) =>
        type.IsArray ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GenericTypeArguments.SelectMany(Parts) : [type];
}
