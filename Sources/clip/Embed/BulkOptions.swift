import ArgumentParser
internal import CLIPBulk
internal import CLIPFiles

/// What is embedded in shards, and where that is written.
struct BulkOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Tar archives of samples, as webdataset has them, by path or by patterns such as 'data/{00000..00999}.tar'; a shard each.",
            valueName: "pattern"
        )
    )
    var shards: [String] = []

    @Option(
        help: ArgumentHelp(
            "A folder for files of embeddings, one output a shard, instead of lines on standard output. Shards that are finished there "
                + "are not computed again.",
            valueName: "dir"
        )
    )
    var output: String?

    @Option(help: "What --output gets: npy, jsonl or parquet. npy by default.")
    var format: String?

    @Option(help: "Numbers of --format npy and parquet: f32 or f16. f32 by default.")
    var numbers: String?

    @Option(help: "Pictures of a shard where files and folders are named; 10000 by default.")
    var shardSize: Int?

    @Option(
        help: ArgumentHelp(
            "Takes the shards whose number leaves I when divided by N, the first shard being 0: for N processes with an I each.",
            valueName: "i/n"
        )
    )
    var shardIndex: String?

    @Option(
        help: ArgumentHelp(
            "The extension of the pictures in archives, such as jpg or left.jpg; that of any picture by default.",
            valueName: "ext"
        )
    )
    var imageExtension: String?

    @Flag(help: "Write shards anew that are in --output with other settings.")
    var replace = false

    @Flag(help: "Write shards anew that have failures in --output, or whose archive was damaged.")
    var retry = false

    /// Whether shards are asked for.
    var areGiven: Bool { output != nil || !shards.isEmpty }

    func validate() throws {
        if output == nil {
            let given = [
                ("--format", format != nil), ("--numbers", numbers != nil),
                ("--shard-size", shardSize != nil),
                ("--replace", replace), ("--retry", retry),
            ].first { $0.1 }
            if let given {
                throw ValidationError("\(given.0) is for files: name a folder for them with --output.")
            }
        }
        if shards.isEmpty, imageExtension != nil {
            throw ValidationError("--image-extension is for archives: name them with --shards.")
        }
        if !shards.isEmpty, shardSize != nil {
            throw ValidationError("--shard-size is for files and folders: an archive is a shard.")
        }
        if let pictureExtension, pictureExtension.isEmpty || pictureExtension.utf8.contains(UInt8(ascii: "/"))
        {
            throw ValidationError(
                "--image-extension must be what follows a name's first dot, such as jpg or left.jpg."
            )
        }
        if !areGiven, shardIndex != nil {
            throw ValidationError(
                "--shard-index divides shards: name archives with --shards, or an --output."
            )
        }
        if shardSize.map({ $0 < 1 }) ?? false {
            throw ValidationError("--shard-size must be a number of pictures, 1 at least.")
        }
        _ = try (selection(), fileFormat(), numberType())
    }

    /// The extension of the pictures, in small letters and without the dot before it, as samples have theirs.
    var pictureExtension: String? {
        imageExtension.map { ($0.utf8.first == UInt8(ascii: ".") ? String($0.dropFirst()) : $0).lowercased() }
    }

    func selection() throws -> ShardSelection {
        guard let shardIndex else { return ShardSelection() }
        guard let selection = ShardSelection(shardIndex) else {
            throw ValidationError("--shard-index must be I/N with I from 0 to N - 1, such as 0/3.")
        }
        return selection
    }

    func fileFormat() throws -> OutputFormat {
        try Self.choice(format, "--format") ?? .npy
    }

    func numberType() throws -> NumberType {
        let type: NumberType = try Self.choice(numbers, "--numbers") ?? .f32
        if type == .f16, try fileFormat() == .jsonl {
            throw ValidationError("JSON Lines have numbers in digits: use --format npy or parquet for f16.")
        }
        return type
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String?,
        _ flag: String
    ) throws -> Choice? where Choice.RawValue == String {
        guard let text else { return nil }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(flag)='\(text.printable)' is not one of \(choices).")
        }
        return choice
    }

    /// The archives that the patterns stand for, as shards.
    func archives() throws(CommandFailure) -> [Shard] {
        var paths: [String] = []
        for pattern in shards {
            do throws(PatternError) {
                paths += try BracePattern.names(of: pattern)
            } catch {
                throw CommandFailure(error.description.printable, status: .usage)
            }
        }
        // On standard output nothing has one name.
        guard output != nil else { return paths.map { Shard(archive: $0) } }
        do throws(OutputError) {
            return try Shard.archives(paths)
        } catch {
            throw CommandFailure(error)
        }
    }
}
