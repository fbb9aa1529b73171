extension ShardFault: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    package var description: String {
        switch self {
        case .unreadable(let cause):
            "It cannot be read: \(cause). Check the disk or the network that it is on, and run the command again."
        case .notPermitted(let cause):
            "It cannot be read: \(cause). Give whoever runs the command the right to read it, or leave it out, "
                + "below a folder with --exclude."
        case .noMemory: "There is no memory for decoding it at the moment. Try again when more is free."
        case .nothingThere:
            "Of its files there is not one. Check their paths, and whether their file system is mounted."
        }
    }
}
