import ArgumentParser
internal import CLIPFiles

/// Which files below folders are looked at, and which are named in a list.
struct FileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file with a path a line; '-' is standard input.", valueName: "file"))
    var filesFrom: String?

    @Flag(
        name: [.customShort("0"), .customLong("null")],
        help: "Paths of --files-from end with a zero byte."
    )
    var endsWithZero = false

    @Option(
        parsing: .unconditionalSingleValue,
        help: "Passes over what fits, as a line of .gitignore does; repeat for more."
    )
    var exclude: [String] = []

    @Option(help: ArgumentHelp("A file of such lines.", valueName: "file"))
    var excludeFrom: String?

    @Flag(help: "Look at names that begin with a dot, too.")
    var hidden = false

    @Flag(help: "Follow links.")
    var follow = false

    @Flag(help: "Look at all files, not only at those whose names end as pictures' do.")
    var allNames = false

    @Option(help: "Passes over files of fewer bytes; 1 by default.")
    var minBytes = 1

    /// - Parameter most: the most bytes of a picture.
    func rules(most: Int) throws -> FolderWalk.Rules {
        var rules = FolderWalk.Rules()
        var lines = exclude.map { FileName.bytes(of: $0) }
        if let excludeFrom {
            lines += try Terminal.textBytes(of: excludeFrom).split(separator: UInt8(ascii: "\n")).map(
                Array.init
            )
        }
        rules.patterns = lines.compactMap { IgnorePattern($0) }
        (rules.takesHidden, rules.followsLinks, rules.takesAllNames) = (hidden, follow, allNames)
        guard (0...most).contains(minBytes) else {
            throw ValidationError("--min-bytes must be from 0 to \(most), the most bytes of a picture.")
        }
        rules.bytes = minBytes...most
        return rules
    }

    /// The first flag of these that somebody gave; nil if there is none.
    var given: String? {
        let flags = [
            ("--files-from", filesFrom != nil), ("--null", endsWithZero), ("--exclude", !exclude.isEmpty),
            ("--exclude-from", excludeFrom != nil), ("--hidden", hidden), ("--follow", follow),
            ("--all-names", allNames), ("--min-bytes", minBytes != 1),
        ]
        return flags.first { $0.1 }?.0
    }

    /// The paths of the list, as they stand there.
    func listed() throws(CommandFailure) -> [String] {
        guard let filesFrom else { return [] }
        let end: UInt8 = endsWithZero ? 0 : UInt8(ascii: "\n")
        return try Terminal.textBytes(of: filesFrom).split(separator: end).map { FileName.text(of: $0) }
    }
}
