#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A copy of a checkpoint's weights as a processor wants them, in a file beside others of its kind.
///
/// Converting and packing the weights of ViT-B/32 takes half a second, mapping the result nothing. The file is a safetensors
/// file of bytes, so the reader that distrusts checkpoints distrusts it, too; and it is used only if its key says that it was
/// made of the very checkpoint, for the same format, by the same kernels, and if its checksum is right. Otherwise it is made
/// anew. For one thread, while a model is loaded.
public final class PackedCopy {
    private enum State {
        case found(SafetensorsFile)
        case missing(SafetensorsWriter)
        case off
    }

    private let key: String
    private let directory: String
    private var state: State

    /// Why an older copy was not used, if there was one.
    public private(set) var refusal: WeightError?

    /// How many copies a directory keeps; those that were not used for longest go first.
    private static let most = 8
    /// How many notes of the content of checkpoints stay beside them.
    private static let mostNotes = 64
    private static let suffix = ".packed.safetensors"

    /// Looks for the copy with that key in a directory, which is made if it is not there.
    ///
    /// - Throws: where a copy is missing and cannot be written either.
    public init(directory: String, key: String) throws(WeightError) {
        self.key = key
        self.directory = directory
        CacheDirectory.make(directory)
        let path = "\(directory)/\(Checksum.text(of: key))\(Self.suffix)"
        do throws(WeightError) {
            state = .found(try Self.file(at: path, key: key))
            utimensat(AT_FDCWD, path, nil, 0)  // used just now
        } catch {
            if case .unreadableFile(_, ENOENT) = error {} else { refusal = error }
            state = .missing(try SafetensorsWriter(path: path))
        }
    }

    /// Whether the weights are here.
    public var isComplete: Bool {
        if case .found = state { true } else { false }
    }

    /// Bytes that were kept under a name.
    public func bytes(named name: String) -> TensorView? {
        if case .found(let file) = state { file.tensor(named: name) } else { nil }
    }

    /// Keeps bytes under a name, where the copy is being made; what cannot be written ends it.
    public func keep(_ bytes: UnsafeRawBufferPointer, named name: String) {
        guard case .missing(let writer) = state else { return }
        do throws(WeightError) {
            try writer.append(name, bytes)
        } catch {
            refusal = error
            state = .off
        }
    }

    /// Completes a copy that is being made, and removes what nobody used for long.
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
