using Occi;

namespace Controller.Grains.Tests.Records;

/// <summary>Makes an object of which every member is set, and to something else than its default; always the same one.</summary>
internal sealed class Everything
{
    private static readonly DateTimeOffset Then = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private int _made;

    public object Make(Type type, string name, int depth = 0)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Make(inner, name, depth);
        _made++;
        if (type == typeof(string))
            return $"{name} {_made}";
        if (type == typeof(Guid))
            return new Guid(_made, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(DateTimeOffset))
            return Then.AddSeconds(_made);
        if (type == typeof(bool))
            return true;
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1)!;
        if (type.IsPrimitive)
            return Convert.ChangeType(_made + (type == typeof(long) ? 1L << 40 : 0), type, System.Globalization.CultureInfo.InvariantCulture);
        if (type == typeof(Dictionary<string, AttributeValue>))
        {
            return new Dictionary<string, AttributeValue>
            {
                ["occi.core.title"] = AttributeValue.Of("a \"title\" ü"), ["a.number"] = AttributeValue.Of(1.5m), ["a.flag"] = AttributeValue.Of(true),
                ["some.json"] = AttributeValue.OfJson("""{"a":[1,null]}"""),
            };
        }
        if (type.IsArray)
        {
            // An entity's links are entities.
            var items = Array.CreateInstance(type.GetElementType()!, depth > 3 ? 0 : 1);
            if (items.Length > 0)
                items.SetValue(Make(type.GetElementType()!, name, depth + 1), 0);
            return items;
        }
        return Fill(type, depth);
    }

    private object Fill(Type type, int depth)
    {
        var constructor = type.GetConstructors().Where(c => c.GetParameters() is not [var only] || only.ParameterType != type).MaxBy(c => c.GetParameters().Length)
            ?? throw new InvalidOperationException($"{type} cannot be made.");
        var made = constructor.Invoke([.. constructor.GetParameters().Select(p => Make(p.ParameterType, p.Name!, depth + 1))]);
        foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null && constructor.GetParameters().All(c => c.Name != p.Name)))
            property.SetValue(made, property.PropertyType == typeof(bool) ? !(bool)property.GetValue(made)! : Make(property.PropertyType, property.Name, depth + 1));
        return made;
    }
}
