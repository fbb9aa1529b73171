/// How much may ride together in one forward pass.
package struct BatchLimits: Equatable, Sendable {
    /// Most images in one pass.
    ///
    /// Roboflow's clients send at most 8; more would make a single image wait longer behind them.
    package var images = 8
    /// Most text tokens in one pass, counted without padding; a single longer text still goes alone.
    package var textTokens = 1024

    /// The defaults.
    package init() {}
}
