internal import CLIPEngine

/// What brings models that no `--model` names.
///
/// The one place of the program that says so: names, files on this machine and downloads all come from here.
enum ModelProvision {
    /// The provider by the environment's settings; nil where there is none.
    ///
    /// Problems are added to the environment's.
    static func provider(_ environment: inout Environment) -> ModelProvider? { nil }
}
