/// Why a kernel could not be made or run.
///
/// An image or a text never causes it, because those are checked before.
public enum KernelError: Error, Equatable, Sendable {
    /// The system did not give `byteCount` bytes of scratch or weight memory.
    case outOfMemory(byteCount: Int)
    /// oneDNN refused an operation with one of its status numbers (1 out of memory, 2 invalid arguments,
    /// 3 unimplemented).
    case operationFailed(operation: String, status: Int)
    /// Another thread of a shared pass failed.
    case abandoned
}
