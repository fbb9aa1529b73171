internal import COneDNN

/// oneDNN's CPU engine and its stream; lives until the last operation and the last weights made with it are gone.
final class Engine {
    let pointer: OpaquePointer

    init() throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_context_create(&pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "engine", status: Int(status))
        }
        self.pointer = pointer
    }

    deinit {
        codnn_context_destroy(pointer)
    }
}
