extension KernelError: CustomStringConvertible {
    /// A sentence for the person who runs the program.
    public var description: String {
        switch self {
        case .outOfMemory(let byteCount):
            "The system did not give \(byteCount) bytes of memory. Fewer threads, or --precision bf16 or int8, need less."
        case .operationFailed(let operation, let status):
            "oneDNN refused an operation (\(operation), status \(status)); is its library older than the program? Install "
                + "the one that the program was built with."
        case .abandoned:
            "Another thread of the same forward pass could not go on. Try again; the log says why."
        }
    }
}
