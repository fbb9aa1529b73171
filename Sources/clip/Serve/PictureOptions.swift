import ArgumentParser
internal import CLIPEngine
internal import CLIPIndex

/// The options of `clip serve` for pictures of its operator's that it searches.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "An index that clip index has made, a file or postgresql://...: whoever may use the server searches its pictures and "
                + "sees them small; none by default. CLIP_SERVE_INDEX.",
            valueName: "index"
        )
    )
    var index: String?

    /// The index; nil where there is none, or it cannot be used, which is a problem.
    func index(_ environment: inout Environment) async -> OpenedIndex? {
        var name: String?
        environment.fill(&name, "--index", index, "CLIP_SERVE_INDEX")
        guard let name else { return nil }
        do throws(IndexError) {
            let location = try IndexLocation(name)
            // Its password is for nobody to see.
            if case .database(let address) = location {
                environment.show("--index", as: .text(address.display))
            }
            return try await location.opened()
        } catch {
            if case .address = error { environment.show("--index", as: .secret) }
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
