namespace Controller.Grains.Images;

/// <summary>The images that projects have made of their computes.</summary>
public interface ISavedImages
{
    /// <summary>Why a project can have no more of them; null: it can.</summary>
    Task<string?> WhyNoMore(Guid project);
}
