extension MessageFault: CustomStringConvertible {
    /// The sentence for the sender.
    package var description: String { sentence }
}
