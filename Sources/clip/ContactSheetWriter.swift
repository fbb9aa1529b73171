internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex

/// Writes a contact sheet with thumbnails of what a search found.
struct ContactSheetWriter {
    private let file: String
    private let thumbnails: FileThumbnails
    private let threads: Int

    /// Pixels of the longest side of a thumbnail.
    private static let side = 256

    init(file: String, _ configuration: EngineConfiguration) {
        self.file = file
        thumbnails = FileThumbnails(longestSide: Self.side, configuration: configuration)
        threads = configuration.decodeThreads
    }

    /// Writes the page; a picture that cannot be read any more is told, and has its place without one.
    func write(_ found: [(query: String, matches: [ImageIndex.Match])]) async throws {
        let output = try OutputFile(file)
        let pool = WorkPool(name: "thumbnail", threads: max(1, threads))
        var count = 0
        try output.write(ContactSheet.start)
        for (query, matches) in found {
            try output.write(ContactSheet.heading(query))
            // A few at a time, so that they need not all be in memory.
            for first in stride(from: 0, to: matches.count, by: 2 * threads) {
                let part = matches[first..<min(first + 2 * threads, matches.count)]
                for (match, thumbnail) in zip(part, await made(part, on: pool)) {
                    guard let path = match.paths.first else { continue }
                    if case .failure(let fault) = thumbnail {
                        Terminal.complain("\(path.printable): \(fault)\n")
                    }
                    try output.write(
                        ContactSheet.item(
                            path: path,
                            score: match.score,
                            copies: match.paths.count - 1,
                            thumbnail: try? thumbnail.get()
                        )
                    )
                    count += 1
                }
            }
            try output.write(ContactSheet.headingEnd)
        }
        try output.write(ContactSheet.end)
        try output.finish()
        try Terminal.write(line: "\(count) pictures in \(file.printable)")
    }

    private typealias Made = Result<[UInt8], EmbeddingPipeline.Fault>

    private func made(_ matches: ArraySlice<ImageIndex.Match>, on pool: WorkPool) async -> [Made] {
        await withTaskGroup(of: (Int, Made).self) { group in
            for (place, match) in matches.enumerated() {
                group.addTask { [thumbnails] in
                    let path = match.paths.first ?? ""
                    let made = await pool.run { _ in
                        Result { () throws(EmbeddingPipeline.Fault) in try thumbnails.jpeg(ofFile: path) }
                    }
                    return (place, made ?? .failure(.refused(.cancelled)))
                }
            }
            var all = [Made](repeating: .failure(.refused(.cancelled)), count: matches.count)
            for await (place, made) in group { all[place] = made }
            return all
        }
    }
}
