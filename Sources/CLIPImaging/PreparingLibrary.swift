/// The library that prepared images for a model; libraries differ in how they round.
public enum PreparingLibrary: Sendable, CaseIterable {
    /// OpenAI's `clip` and open_clip (3.3): torchvision's transforms over Pillow (12.3.0).
    ///
    /// Weights have 22 fraction bits. If half a pixel remains before the crop, it is rounded to the even neighbour. A
    /// float is the byte divided by 255, minus the mean, divided by the deviation.
    case openCLIP
    /// transformers (5.24), whose processors use torchvision's tensors (0.29.2) unless a program asks for others.
    ///
    /// Weights have as many fraction bits as fit the largest weight into 16 bits (torch 2.15, UpSampleKernel.cpp, bytes
    /// with antialiasing). If half a pixel remains before the crop, it is dropped. The mean and the deviation are
    /// multiplied by 255, and the byte is not divided.
    case transformers
}
