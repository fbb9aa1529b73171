import ArgumentParser
internal import CLIPFiles
internal import Foundation

/// Where the index is, for every subcommand that has one.
struct IndexOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The index: a file, or the tables of a PostgreSQL database with pgvector (postgresql://user@host/database); \
            swift-clip/index in the user's data by default. CLIP_INDEX.
            """,
            valueName: "file"
        )
    )
    var index: String?

    /// The path, as told, or else where the system wants users' data.
    func path(_ environment: Environment) throws(CommandFailure) -> String {
        if let index = index ?? environment.string("CLIP_INDEX") { return index }
        guard
            let data = environment.string("XDG_DATA_HOME")
                ?? environment.string("HOME").map({ $0 + "/.local/share" })
        else {
            throw CommandFailure(
                "There is no place for an index: name one with --index or CLIP_INDEX.",
                status: .unusableSetting
            )
        }
        return data + "/swift-clip/index"
    }
}
