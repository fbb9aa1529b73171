extension MessageFault: CustomStringConvertible {
    /// What the sender is told.
    package var description: String { sentence }
}
