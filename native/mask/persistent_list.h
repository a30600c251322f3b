// An immutable singly linked list that shares its tails: a stack that can be copied,
// and undone, in constant time. Reference counts are atomic, so lists that share a
// tail may live on different threads. Long lists are released without recursion.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace structgen {

template <class T>
class PersistentList {
  struct Node {
    std::atomic<std::uint32_t> references{1};
    Node* next;
    T value;
    Node(T v, Node* n) : next(n), value(std::move(v)) {}
  };

 public:
  PersistentList() = default;
  PersistentList(T value, const PersistentList& tail) : node_(new Node(std::move(value), tail.node_)) {
    if (tail.node_) retain(tail.node_);
  }
  PersistentList(const PersistentList& other) : node_(other.node_) {
    if (node_) retain(node_);
  }
  PersistentList(PersistentList&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  PersistentList& operator=(PersistentList other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~PersistentList() {
    Node* node = node_;
    while (node && node->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      Node* next = node->next;
      delete node;
      node = next;
    }
  }

  bool empty() const { return node_ == nullptr; }
  const T& front() const { return node_->value; }
  PersistentList tail() const {
    PersistentList list;
    list.node_ = node_->next;
    if (list.node_) retain(list.node_);
    return list;
  }
  bool operator==(const PersistentList& other) const { return node_ == other.node_; }

  // Looks down a list that somebody else keeps, without counting references.
  class View {
   public:
    View() = default;
    explicit View(const PersistentList& list) : node_(list.node_) {}
    bool empty() const { return node_ == nullptr; }
    const T& front() const { return node_->value; }
    View tail() const { return View(node_->next); }

   private:
    explicit View(const Node* node) : node_(node) {}
    const Node* node_ = nullptr;
  };

 private:
  static void retain(Node* node) { node->references.fetch_add(1, std::memory_order_relaxed); }

  Node* node_ = nullptr;
};

}  // namespace structgen
