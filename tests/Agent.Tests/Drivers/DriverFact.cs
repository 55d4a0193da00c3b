using System.ComponentModel;
using Controller.Testing;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Controller.Agent.Tests.Drivers;

/// <summary>
/// A fact of the driver contract. In a class marked <see cref="NeedsLibvirtAttribute"/> it is skipped, with the reason, where libvirt
/// cannot run.
/// </summary>
[XunitTestCaseDiscoverer("Controller.Agent.Tests.Drivers." + nameof(DriverFactDiscoverer), "Agent.Tests")]
[AttributeUsage(AttributeTargets.Method)]
public sealed class DriverFactAttribute : FactAttribute;

/// <summary>The facts of this class need root and libvirt's packages.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsLibvirtAttribute : Attribute;

public sealed class DriverFactDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        var reason = testMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsLibvirtAttribute)).Any() ? LibvirtNeeds.WhyNot() : null;
        var display = discoveryOptions.MethodDisplayOrDefault();
        var options = discoveryOptions.MethodDisplayOptionsOrDefault();
        return [reason is null ? new XunitTestCase(diagnostics, display, options, testMethod) : new SkippedCase(diagnostics, display, options, testMethod, reason)];
    }
}

internal sealed class SkippedCase : XunitTestCase
{
    private string _reason = "";

    [EditorBrowsable(EditorBrowsableState.Never), Obsolete("For deserialisation.")]
    public SkippedCase()
    {
    }

    public SkippedCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, string reason)
        : base(diagnostics, display, options, method) => _reason = reason;

    protected override string GetSkipReason(IAttributeInfo factAttribute) => _reason;

    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue(nameof(_reason), _reason);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        // The base reads GetSkipReason while it deserialises.
        _reason = data.GetValue<string>(nameof(_reason));
        base.Deserialize(data);
    }
}
