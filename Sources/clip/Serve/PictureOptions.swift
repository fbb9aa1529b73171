import ArgumentParser
internal import CLIPEngine
internal import CLIPIndex

/// The options of `clip serve` for pictures of its operator's that it searches.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An index that clip index has made: whoever may use the server searches its pictures and sees them small; none by "
                + "default. CLIP_SERVE_INDEX.",
            valueName: "file"
        )
    )
    var index: String?

    /// The index and its model; nil where there is none, or it cannot be used, which is a problem.
    func index(_ environment: inout Environment) -> (path: String, model: IndexedModel)? {
        var path: String?
        environment.fill(&path, "--index", index, "CLIP_SERVE_INDEX")
        guard let path else { return nil }
        do throws(IndexError) {
            return (path, try IndexFile.open(path).model)
        } catch {
            environment.refuse(
                "--index names nothing that can be searched. \(error)",
                status: error.exitStatus
            )
            return nil
        }
    }
}

extension ModelOptions {
    /// Takes the model and the precision of an index where nobody has named others, as `clip search` does.
    mutating func adopt(_ model: IndexedModel, _ environment: Environment) {
        guard usesBundledModel(environment) else { return }
        if !model.source.isEmpty { models = [model.source] }
        if precision == nil, environment.string("CLIP_PRECISION") == nil { precision = model.precision }
    }
}
