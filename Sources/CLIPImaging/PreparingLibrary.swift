/// Whose way of preparing images a model was made for: the ways differ in how they round.
public enum PreparingLibrary: Sendable, CaseIterable {
    /// OpenAI's `clip` and open_clip (3.3): torchvision's transforms over Pillow (12.3.0).
    ///
    /// Weights have 22 fraction bits. A half in front of the crop goes to the even neighbour. Floats are a 255th of the byte,
    /// less the mean, over the deviation.
    case openCLIP
    /// transformers (5.24), whose processors all stand on torchvision's tensors (0.29.2) unless a program asks for others.
    ///
    /// Weights have as many fraction bits as fit the largest into 16 (torch 2.15, UpSampleKernel.cpp, bytes with
    /// antialiasing). A half in front of the crop is left out. Mean and deviation are multiplied by 255 instead of dividing
    /// the byte.
    case transformers
}
