internal import CLIPEngine
internal import CLIPFiles
internal import Synchronization

extension IndexUpdate {
    /// What comes next of the files that are gone through.
    enum Step {
        case file(IndexedFile)
        /// Something that is no file, or passed over.
        case passed
        case end
    }

    /// How far an update is.
    struct State {
        var tally = IndexTally()
        var seen = SeenFiles()
        /// What could not be looked at, or not be read.
        var spared = SparedPaths()
        /// Whether somebody named each file, and wants to know of one that is not there.
        var areNamed = false
        /// What was found out and is not written yet.
        var pending: [IndexFile.Finding] = []
        /// Paths that others have come from, as long as that is not written.
        var left: Set<[UInt8]> = []
        /// Files that another process has in hand.
        var held: [IndexedFile] = []
        /// Files of which nothing was found out.
        var released: [String] = []
        /// Hashes of contents that are no pictures.
        var releasedHashes: [[UInt8]] = []
        var written = ContinuousClock.now
        /// When what had come of the files in hand was taken last.
        var drained = ContinuousClock.now
        /// Files that are being read, and their bytes.
        var (inHand, bytesInHand) = (0, 0)
        /// How many of those that were begun have been taken, and how many are done.
        var taken = 0
        let done = Count()
        let tell: (IndexEvent) -> Void

        init(tell: @escaping (IndexEvent) -> Void) { self.tell = tell }

        var hasNews: Bool { !pending.isEmpty || !released.isEmpty || !releasedHashes.isEmpty }

        /// What cannot be read stays in the index as it is.
        mutating func fail(_ path: String, _ reason: String) {
            tally.unreadable += 1
            spared.insert(path)
            tell(.failed(path: path, reason: reason))
        }
    }

    /// Counts across tasks.
    final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .acquiring) }
        func add() { number.add(1, ordering: .releasing) }
    }

    /// What came of a file.
    struct Attempt: Sendable {
        enum Result: Sendable {
            case known(content: Int)
            case held
            case embedded(hash: [UInt8], [Float])
            case refused(hash: [UInt8], EmbeddingError)
            case unreadable(cause: String)
            /// It was taken away since it was looked at.
            case vanished
            case unusable(IndexError)
        }

        let path: String
        let look: IndexFile.Look
        let result: Result
    }

    func attempt(_ path: String, _ look: IndexFile.Look) async -> Attempt {
        Attempt(path: path, look: look, result: await result(path))
    }

    private func result(_ path: String) async -> Attempt.Result {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileContents.readPlain(
                path,
                limit: engine.configuration.maxImageBytes,
                followingLinks: followsLinks
            )
        } catch {
            guard FileName.isThere(path) else { return .vanished }
            guard case .unreadable(_, let cause) = error else { return .unreadable(cause: "\(error)") }
            return .unreadable(cause: "\(cause)")
        }
        let hash = file.hashKey.hash(of: bytes)
        do throws(IndexError) {
            switch try await file.standing(ofHash: hash) {
            case .known(let content): return .known(content: content)
            case .held: return .held
            case .new: break
            }
        } catch {
            return .unusable(error)
        }
        do throws(EmbeddingError) {
            let embedding = try await engine.embed(images: [.encoded(bytes)]).embeddings[0]
            return .embedded(hash: hash, embedding.values)
        } catch {
            return .refused(hash: hash, error)
        }
    }
}
