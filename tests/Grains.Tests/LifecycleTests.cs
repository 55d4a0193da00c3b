using Controller.Grains.Compute;
using Controller.Grains.Links;
using Controller.Grains.Network;
using Controller.Grains.Storage;

namespace Controller.Grains.Tests;

/// <summary>The tables, by their rules.</summary>
public class LifecycleTests
{
    private static IEnumerable<ComputePhase> Living => Enum.GetValues<ComputePhase>().Where(p => p is not (ComputePhase.None or ComputePhase.Deleting));

    [Fact]
    public void Delete_is_accepted_in_every_phase_of_everything()
    {
        Assert.All(Enum.GetValues<ComputePhase>().Skip(1), p => Assert.IsNotType<ComputeDecision.Refused>(ComputeLifecycle.Decide(p, ComputeTrigger.Delete)));
        Assert.All(Enum.GetValues<StoragePhase>().Skip(1), p => Assert.IsNotType<StorageDecision.Refused>(StorageLifecycle.Decide(p, StorageTrigger.Delete)));
        Assert.All(Enum.GetValues<NetworkPhase>().Skip(1), p => Assert.IsNotType<NetworkDecision.Refused>(NetworkLifecycle.Decide(p, NetworkTrigger.Delete)));
        Assert.All(Enum.GetValues<LinkPhase>().Skip(1), p => Assert.IsNotType<LinkDecision.Refused>(LinkLifecycle.Decide(p, LinkTrigger.Delete)));
    }

    [Fact]
    public void Stop_and_start_are_never_refused_once_a_compute_is_placed() =>
        Assert.All(Living.Where(p => p != ComputePhase.Placing), phase =>
        {
            Assert.IsNotType<ComputeDecision.Refused>(ComputeLifecycle.Decide(phase, ComputeTrigger.Stop));
            Assert.IsNotType<ComputeDecision.Refused>(ComputeLifecycle.Decide(phase, ComputeTrigger.Start));
        });

    [Fact]
    public void A_harder_stop_is_not_blocked_by_a_soft_one() =>
        Assert.Equal(new ComputeDecision.Move(ComputePhase.Stopping, HostCommand.Ensure), ComputeLifecycle.Decide(ComputePhase.Stopping, ComputeTrigger.Stop));

    [Fact]
    public void What_is_under_way_ends_when_it_is_overdue() =>
        Assert.All(
            Living.Where(p => ComputeLifecycle.IsUnderWay(p) && p != ComputePhase.Placing),
            phase => Assert.False(ComputeLifecycle.IsUnderWay(Assert.IsType<ComputeDecision.Move>(ComputeLifecycle.Decide(phase, ComputeTrigger.Overdue)).To)));

    [Fact]
    public void A_deleted_compute_comes_back_by_nothing() =>
        Assert.All(Enum.GetValues<ComputeTrigger>(), trigger =>
            Assert.True(ComputeLifecycle.Decide(ComputePhase.Deleting, trigger) is not ComputeDecision.Move { To: not ComputePhase.Deleting }));

    [Theory]
    [InlineData("inactive", "start", "starting")]
    [InlineData("suspended", "start", "starting")]
    [InlineData("active", "stop", "stopping")]
    [InlineData("active", "suspend", "suspending")]
    [InlineData("active", "restart", "restarting")]
    [InlineData("active", "save", "saving")]
    [InlineData("inactive", "save", "savinginactive")]
    public void The_figure_of_the_standard_holds(string from, string action, string to) =>
        Assert.Equal(
            Enum.Parse<ComputePhase>(to, true),
            Assert.IsType<ComputeDecision.Move>(ComputeLifecycle.Decide(Enum.Parse<ComputePhase>(from, true), Enum.Parse<ComputeTrigger>(action, true))).To);

    [Theory]
    [InlineData("inactive", "suspend")]
    [InlineData("inactive", "restart")]
    [InlineData("suspended", "restart")]
    [InlineData("suspended", "save")]
    public void What_the_figure_does_not_draw_is_refused_with_a_reason(string from, string action) =>
        Assert.Contains(from, Assert.IsType<ComputeDecision.Refused>(ComputeLifecycle.Decide(Enum.Parse<ComputePhase>(from, true), Enum.Parse<ComputeTrigger>(action, true))).Why);

    [Theory]
    [InlineData("saving", "active")]
    [InlineData("savinginactive", "inactive")]
    public void A_save_comes_back_to_where_it_began_however_it_ends(string saving, string state)
    {
        var phase = Enum.Parse<ComputePhase>(saving, true);
        Assert.Equal(state, ComputeProjection.ToOcci(phase));
        Assert.All((ComputeTrigger[])[ComputeTrigger.Saved, ComputeTrigger.NotSaved, ComputeTrigger.Overdue], end =>
            Assert.Equal(state, ComputeProjection.ToOcci(Assert.IsType<ComputeDecision.Move>(ComputeLifecycle.Decide(phase, end)).To)));
        Assert.All((ComputeTrigger[])[ComputeTrigger.Save, ComputeTrigger.Suspend, ComputeTrigger.Restart], action =>
            Assert.Contains("being saved", Assert.IsType<ComputeDecision.Refused>(ComputeLifecycle.Decide(phase, action)).Why, StringComparison.Ordinal));
    }

    [Fact]
    public void A_guest_that_powers_itself_off_while_it_is_saved_is_saved_all_the_same() =>
        Assert.Equal(new ComputeDecision.Move(ComputePhase.SavingInactive, HostCommand.Ensure), ComputeLifecycle.Decide(ComputePhase.Saving, ComputeTrigger.SawOff));

    [Theory]
    [InlineData("Web server, v2; März", "web-server-v2-m-rz", "Web server v2 März")]
    [InlineData("42 is_it", "is_it", "42 is_it")]
    [InlineData("  ", "saved", "saved")]
    [InlineData("\u65e5\u672c\n!", "saved", "\u65e5\u672c !")]
    [InlineData("a--b__c-", "a-b__c", "a--b__c-")]
    public void A_name_becomes_a_term_and_a_title(string name, string term, string title) =>
        Assert.Equal((term, title), (Templates.TermOf(name), Templates.TitleOf(name)));

    [Fact]
    public void Every_action_shown_is_one_that_is_accepted() =>
        Assert.All(Living, phase => Assert.All(ComputeProjection.ActionsIn(phase), action =>
            Assert.IsNotType<ComputeDecision.Refused>(ComputeLifecycle.Decide(phase, Enum.Parse<ComputeTrigger>(action.Id.Term, true)))));

    [Fact]
    public void Numbers_in_records_never_change()
    {
        Assert.Equal("None=0 Placing=1 Inactive=2 Starting=3 Active=4 Stopping=5 Suspending=6 Suspended=7 Restarting=8 Failed=9 Deleting=10 Saving=11 SavingInactive=12", Numbers<ComputePhase>());
        Assert.Equal("None=0 Creating=1 Online=2 Offline=3 Resizing=4 Failed=5 Deleting=6 Reverting=7", Numbers<StoragePhase>());
        Assert.Equal("None=0 Creating=1 Inactive=2 Activating=3 Active=4 Deactivating=5 Failed=6 Deleting=7", Numbers<NetworkPhase>());
        Assert.Equal("None=0 Attaching=1 Inactive=2 Active=3 Failed=4 Detaching=5", Numbers<LinkPhase>());
        Assert.Equal("Unknown=0 Absent=1 Off=2 Running=3 Paused=4 Saved=5 Crashed=6", Numbers<Contracts.Power>());
        Assert.Equal("Graceful=0 AcpiOff=1 PowerOff=2", Numbers<Contracts.StopMethod>());
        Assert.Equal("Cold=0 Warm=1 Graceful=2", Numbers<Contracts.RebootMethod>());
        Assert.Equal("Hot=0 Deferred=1", Numbers<Contracts.SaveMethod>());
        Assert.Equal("Ready=0 Pending=1 Error=2", Numbers<Contracts.ImageState>());
        Assert.Equal("New=0 Up=1 Unhealthy=2 Unreachable=3", Numbers<Contracts.HostStatus>());
        Assert.Equal("Reader=1 Member=2 Operator=3 Admin=4", Numbers<Contracts.Role>());
    }

    private static string Numbers<T>()
        where T : struct, Enum => string.Join(' ', Enum.GetValues<T>().Select(v => $"{v}={Convert.ToInt32(v, System.Globalization.CultureInfo.InvariantCulture)}"));
}
