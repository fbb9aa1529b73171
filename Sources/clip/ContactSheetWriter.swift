internal import CLIPEngine
internal import CLIPFiles
internal import CLIPIndex

/// Writes a contact sheet with thumbnails of what a search found.
final class ContactSheetWriter {
    private let file: String
    private let output: OutputFile
    private let thumbnails: FileThumbnails
    private let pool: WorkPool
    /// Thumbnails that are made at once, so that they need not all be in memory.
    private let atOnce: Int
    private var count = 0

    /// Pixels of the longest side of a thumbnail.
    private static let side = 256

    init(file: String, _ configuration: EngineConfiguration) throws(CommandFailure) {
        self.file = file
        output = try OutputFile(file)
        thumbnails = FileThumbnails(longestSide: Self.side, configuration: configuration)
        let threads = max(1, configuration.decodeThreads)
        pool = WorkPool(name: "thumbnail", threads: threads)
        atOnce = 2 * threads
        try output.write(ContactSheet.start)
    }

    /// Adds what was found for one query; a picture that cannot be read any more is told, and has its place without one.
    func add(_ matches: [ImageIndex.Match], for query: String) async throws {
        try output.write(ContactSheet.heading(query))
        for first in stride(from: 0, to: matches.count, by: atOnce) {
            let part = matches[first..<min(first + atOnce, matches.count)]
            for (match, thumbnail) in zip(part, await made(part)) {
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

    /// Puts the page in its place.
    func finish() throws(CommandFailure) {
        try output.write(ContactSheet.end)
        try output.finish()
        try Terminal.write(line: "\(count) pictures in \(file.printable)")
    }

    private typealias Made = Result<[UInt8], EmbeddingPipeline.Fault>

    private func made(_ matches: ArraySlice<ImageIndex.Match>) async -> [Made] {
        let (pool, thumbnails) = (pool, thumbnails)
        return await withTaskGroup(of: (Int, Made).self) { group in
            for (place, match) in matches.enumerated() {
                group.addTask {
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
