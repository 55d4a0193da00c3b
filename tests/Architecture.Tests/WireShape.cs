using System.Reflection;
using System.Text;

namespace Controller.Architecture.Tests;

/// <summary>What Orleans writes of a message: numbers and types, and the names that go with them.</summary>
internal static class WireShape
{
    /// <summary>Members that are serialised: those that can be set and hold something; one that only passes on to another member holds nothing.</summary>
    public static IEnumerable<PropertyInfo> Members(Type message) => message
        .GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(p => p.SetMethod is not null && p.DeclaringType!.GetField($"<{p.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null);

    public static uint? IdOf(PropertyInfo member) => member.GetCustomAttribute<IdAttribute>()?.Id;

    public static string Of(IEnumerable<Type> interfaces, IEnumerable<Type> messages, IEnumerable<Type> enums)
    {
        var text = new StringBuilder();
        foreach (var type in interfaces.OrderBy(t => t.FullName, StringComparer.Ordinal))
            text.Append($"interface {Name(type)} {type.FullName}\n");
        foreach (var type in messages.OrderBy(Name, StringComparer.Ordinal))
        {
            text.Append($"\nmessage {Name(type)}{(type.BaseType == typeof(object) || type.IsValueType ? "" : " : " + Name(type.BaseType!))}\n");
            foreach (var member in Members(type).OrderBy(IdOf))
                text.Append($"  {IdOf(member)} {Name(member.PropertyType)} {member.Name}\n");
        }
        foreach (var type in enums.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            text.Append($"\nenum {type.Name} : {Enum.GetUnderlyingType(type).Name}\n");
            foreach (var value in Enum.GetValuesAsUnderlyingType(type))
                text.Append($"  {value} {Enum.GetName(type, value)}\n");
        }
        return text.ToString();
    }

    private static string Name(Type type) =>
        type.IsArray ? Name(type.GetElementType()!) + "[]"
        : Nullable.GetUnderlyingType(type) is { } inner ? Name(inner) + "?"
        : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GenericTypeArguments.Select(Name))}>"
        : type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.Name;
}
