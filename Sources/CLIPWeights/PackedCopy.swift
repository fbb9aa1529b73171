#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file with a checkpoint's weights in the form that the processor needs.
///
/// Converting and packing the weights of ViT-B/32 takes half a second; mapping the result takes no time. The copy is a
/// safetensors file of bytes, so the reader that distrusts checkpoints checks it too. It is used only if its key says
/// that it was made from this very checkpoint, for the same format, by the same kernels, and if its checksum is right.
/// Otherwise it is made again. What was measured of the processor when it was made, and changes no result, is kept with
/// them. It is for one thread, while a model is loaded.
public final class PackedCopy {
    private enum State {
        case found(SafetensorsFile)
        case missing(SafetensorsWriter)
        case off
    }

    private let key: String
    private let directory: String
    private var state: State

    /// The reason why an older copy was not used, if there was one.
    public private(set) var refusal: WeightError?

    /// How many copies a directory keeps; those that were unused for longest are removed first.
    private static let most = 8
    /// How many notes on the content of checkpoints stay beside them.
    private static let mostNotes = 64
    private static let suffix = ".packed.safetensors"

    /// Opens the copy with this key in a directory, or begins a new one; the directory is made if it does not exist.
    ///
    /// - Throws: if there is no copy and none can be written.
    public init(directory: String, key: String) throws(WeightError) {
        self.key = key
        self.directory = directory
        CacheDirectory.make(directory)
        let path = "\(directory)/\(Checksum.text(of: key))\(Self.suffix)"
        do throws(WeightError) {
            state = .found(try Self.file(at: path, key: key))
            utimensat(AT_FDCWD, path, nil, 0)  // marks it as just used
        } catch {
            if case .unreadableFile(_, ENOENT) = error {} else { refusal = error }
            state = .missing(try SafetensorsWriter(path: path))
        }
    }

    /// Whether the copy has the weights.
    public var isComplete: Bool {
        if case .found = state { true } else { false }
    }

    /// The bytes that were kept under a name; nil if there are none.
    public func bytes(named name: String) -> TensorView? {
        if case .found(let file) = state { file.tensor(named: name) } else { nil }
    }

    /// Keeps bytes under a name if the copy is being made; a failed write ends the copy.
    public func keep(_ bytes: UnsafeRawBufferPointer, named name: String) {
        guard case .missing(let writer) = state else { return }
        do throws(WeightError) {
            try writer.append(name, bytes)
        } catch {
            refusal = error
            state = .off
        }
    }

    /// Completes a copy that is being made, and removes copies that were unused for long.
    public func finish() {
        guard case .missing(let writer) = state else { return }
        state = .off
        do throws(WeightError) {
            try writer.finish(metadata: ["key": key])
            CacheDirectory.prune(
                directory,
                keeping: [Self.suffix: Self.most, ContentNote.suffix: Self.mostNotes]
            )
        } catch {
            refusal = error
        }
    }

    private static func file(at path: String, key: String) throws(WeightError) -> SafetensorsFile {
        let file = try SafetensorsFile(path: path)
        guard file.metadata["key"] == key else {
            throw .staleCopy(path: path, reason: "it is of something else")
        }
        guard file.metadata["checksum"] == file.dataChecksum() else {
            throw .staleCopy(path: path, reason: "its bytes are not those that were written")
        }
        return file
    }
}
