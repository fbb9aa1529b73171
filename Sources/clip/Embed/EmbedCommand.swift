import ArgumentParser
internal import CLIPBulk
internal import CLIPEngine
internal import CLIPFiles

/// `clip embed`: embeddings of images and texts, one JSON object a line, or in files.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed images and texts; one JSON object a line, or files of embeddings.",
        discussion: """
            With --output embeddings are written to files, one output a shard: a tar archive, or a piece of a list of pictures. Whoever \
            runs the command again after it was killed gets what is missing, and the same bytes in the end. Pictures that fail are \
            listed beside the output and stop nothing; --retry tries them again.

            Examples:
              clip embed photo.jpg scans/*.png > images.jsonl
              clip embed --text "a red bicycle" --text "두 마리의 고양이"
              clip embed --text - < captions.txt
              curl -s https://example.com/cat.jpg | clip embed -
              clip embed ~/Pictures --output embeddings --format parquet
              clip embed --shards 'data/{00000..00999}.tar' --output embeddings --shard-index 0/3
            """
    )

    @OptionGroup var options: ModelOptions

    @Argument(
        help: "Image files, and folders with all that is below them; '-' is an image on standard input."
    )
    var images: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A text; repeat for more. '-' is standard input, a text a line, empty lines too."
    )
    var text: [String] = []

    @Flag(help: "Bring every embedding to length one.")
    var normalize = false

    @Flag(help: "Cut texts that are too long, where they would be refused otherwise.")
    var truncate = false

    @OptionGroup var bulk: BulkOptions
    @OptionGroup var selection: FileOptions

    func validate() throws {
        if images.isEmpty, text.isEmpty, selection.filesFrom == nil, bulk.shards.isEmpty {
            throw ValidationError("Nothing to embed: name image files, or texts with --text.")
        }
        if !bulk.shards.isEmpty, !images.isEmpty || selection.filesFrom != nil {
            throw ValidationError("--shards stands alone: give pictures beside archives in another command.")
        }
        if !bulk.shards.isEmpty, let flag = selection.given {
            throw ValidationError("\(flag) is for files and folders: of archives all samples are taken.")
        }
        if bulk.areGiven, !text.isEmpty {
            throw ValidationError("--output and --shards are for pictures: give texts in another command.")
        }
        if bulk.output != nil, images.contains("-") {
            throw ValidationError("A picture on standard input has no name for --output: give it as a file.")
        }
    }

    func run() async throws {
        var environment = Environment()
        let configuration = options.engineConfiguration(&environment)
        if bulk.areGiven {
            let shards = try BulkEmbedding(
                bulk,
                images: images,
                selection,
                most: configuration.maxImageBytes,
                normalizing: normalize,
                environment
            )
            return try await withEngine(configuration, options, environment) { try await shards.run(by: $0) }
        }
        let run = try EmbeddingRun(
            images: files(most: configuration.maxImageBytes),
            texts: text,
            truncating: truncate,
            environment
        )
        try await withEngine(configuration, options, environment) { engine in
            try await run.write(by: engine) { kind, value, embedding in
                let values = normalize ? embedding.normalized.values : embedding.values
                return "{\"\(kind)\":\(JSONText.string(value)),\"embedding\":\(JSONText.numbers(values))}"
            }
        }
    }

    /// The images that are named, with those below folders in their place, and those of the list.
    private func files(most: Int) throws -> [String] {
        var files: [String] = []
        for name in images {
            guard name != "-", case .folder = FileKind(at: name) else {
                files.append(name)
                continue
            }
            files += try PictureFiles([name], withoutList(), most: most).map(\.path)
        }
        files += try selection.listed()
        guard !files.isEmpty || !text.isEmpty else {
            throw CommandFailure(
                "There is no picture in what was named. --all-names looks at all files.",
                status: .unusableInput
            )
        }
        return files
    }

    private func withoutList() -> FileOptions {
        var selection = selection
        selection.filesFrom = nil
        return selection
    }
}
