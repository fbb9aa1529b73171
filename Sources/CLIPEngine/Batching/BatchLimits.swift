/// How much may ride together in one forward pass.
package struct BatchLimits: Equatable, Sendable {
    /// Most images in one pass.
    ///
    /// From 8 on, throughput on a CPU no longer grows while latency does.
    package var images = 8
    /// Most text tokens in one pass, counted without padding; a single longer text still goes alone.
    package var textTokens = 1024

    /// The measured defaults.
    package init() {}
}
