using System.Globalization;
using System.Text.Json;
using Occi;
using ValueType = Occi.ValueType;

namespace Controller.Cli.Entities;

/// <summary>Full names and types for what people type, from the definitions of the kind (or action) and the mixins.</summary>
internal sealed class AttributeNames(string owner, IReadOnlyList<Attr> definitions)
{
    /// <summary>All attributes that an entity of that kind with those mixins may have.</summary>
    public static AttributeNames Of(Model model, CategoryDefinition kind, IEnumerable<CategoryDefinition> mixins) =>
        new(kind.Id.Term, [.. model.Lineage(kind).Concat(mixins.SelectMany(m => model.Closure(m))).SelectMany(c => c.Attributes)]);

    /// <summary>The values by full name.</summary>
    /// <exception cref="CliException">A name fits nothing or too much, or a value is not of its type.</exception>
    public Dictionary<string, AttributeValue> Resolve(IEnumerable<Assignment> assignments, Func<string, string?>? hint = null)
    {
        var values = new Dictionary<string, AttributeValue>();
        foreach (var (name, value) in assignments)
        {
            var definition = Find(name, hint);
            values[definition.Name] = Typed(definition, value);
        }
        return values;
    }

    private Attr Find(string name, Func<string, string?>? hint)
    {
        // In this order: a nearer meaning wins.
        Func<Attr, bool>[] rules =
        [
            a => a.Name == name,
            a => a.Name == $"occi.{owner}.{name}",
            a => a.Name == $"occi.core.{name}",
            a => AfterPrefix(a.Name) == name,
            a => a.Name.EndsWith("." + name, StringComparison.Ordinal),
        ];
        foreach (var rule in rules)
        {
            Attr[] found = [.. definitions.Where(rule).DistinctBy(a => a.Name)];
            if (found.Length == 1)
                return found[0];
            if (found.Length > 1)
                throw new CliException($"attribute {name} is ambiguous: {string.Join(", ", found.Select(a => a.Name))}");
        }
        throw new CliException($"{owner} has no attribute {name}; {hint?.Invoke(name) ?? "it has: " + string.Join(", ", definitions.Where(a => a.Mutable).Select(a => a.Name).Distinct())}");
    }

    /// <summary>Without the standard's two leading parts: <c>occi.network.address</c> is <c>address</c>.</summary>
    private static string AfterPrefix(string name) => string.Join('.', name.Split('.').Skip(2));

    private static AttributeValue Typed(Attr definition, string value)
    {
        switch (definition.ValueType)
        {
            case ValueType.Number:
                return decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? AttributeValue.Of(number) : throw Wrong("a number");
            case ValueType.Boolean:
                return bool.TryParse(value, out var flag) ? AttributeValue.Of(flag) : throw Wrong("true or false");
            case ValueType.Json:
                try
                {
                    using var _ = JsonDocument.Parse(value);
                    return AttributeValue.OfJson(value);
                }
                catch (JsonException)
                {
                    throw Wrong("JSON");
                }
            default:
                return AttributeValue.Of(value);
        }
        CliException Wrong(string wanted) => new($"{definition.Name} wants {wanted}, and this is \"{value}\"");
    }
}
